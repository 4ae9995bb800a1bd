import { RecordingBackend } from './recording-backend.ts';

/** `host:port` where nobody listens. */
export async function deadAddress(): Promise<string> {
  const server = await RecordingBackend.start();
  const { address } = server;
  await server.close();
  return address;
}
