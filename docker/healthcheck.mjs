// Asks the admin server whether this proxy is ready: the image has no curl.
import { get } from 'node:http';

const url = process.env.BALANCE_READY_URL ?? 'http://127.0.0.1:9090/ready';
const request = get(url, { timeout: 2000 }, (response) => {
  process.exitCode = response.statusCode === 200 ? 0 : 1;
  response.resume();
});
request.on('timeout', () => request.destroy(new Error('no answer')));
request.on('error', () => {
  process.exitCode = 1;
});
