// An example of a plugin that checks backends: of several Redis servers, only the master gets connections. src/plugin-api explains it.

export default {
  apiVersion: 2,
  name: 'redis',
  /** A check passes when this returns. The message of an error is the reason that operators see. */
  async probe({ channel }) {
    channel.write('ROLE\r\n');
    let answer = '';
    for await (const bytes of channel) {
      answer += bytes.toString('latin1');
      const [first, , role, rest] = answer.split('\r\n');
      if (rest === undefined) continue;
      if (first.startsWith('-')) throw new Error(first.slice(1));
      if (role !== 'master') throw new Error(`its role is ${role}`);
      return;
    }
    throw new Error(`its answer ended too early: ${answer.trim()}`);
  },
  provision() {
    throw new Error('redis only checks backends: use mode tcp');
  },
};
