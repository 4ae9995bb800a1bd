// A socket.io application: it knows a client only in the process that the client began with.
// Arguments: its name, and its port; 0 for any.
import { createServer } from 'node:http';

import { Server } from 'socket.io';

const [name, port] = process.argv.slice(2);
const server = createServer();

new Server(server, { serveClient: false }).on('connection', (socket) => {
  let asked = 0;
  socket.on('ask', (answer) => {
    asked += 1;
    answer({ node: name, asked });
  });
});

// The application ends with the test that started it.
process.stdin.resume().on('end', () => process.exit());
server.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`${server.address().port}\n`);
});
