// Takes whatever traces it is sent and forgets them: collector-process.js PORT
import { createServer } from 'node:http';

createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(202).end());
}).listen(Number(process.argv[2]), '127.0.0.1');
