/** A file name with the process id and the time. */
export function fileName(extension: string): string {
  return `balance-${String(process.pid)}-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.${extension}`;
}
