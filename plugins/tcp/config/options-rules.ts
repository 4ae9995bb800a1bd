import type { OptionsRules } from '../../../src/plugin-api/index.ts';

/** What TCP knows about the options of its listeners. */
const TCP_OPTIONS_RULES: OptionsRules = {
  // A connection has no header, cookie, path or query.
  keyKinds: ['source-ip'],
  check(_, { listener: { upstream, passesThrough }, error }) {
    if (upstream === undefined && !passesThrough) error('listener', 'must have the key upstream in mode tcp');
  },
  upstreams: (_, { upstream }) =>
    upstream === undefined ? [] : [{ name: upstream, place: 'upstream', sockets: 'once' }],
};

export default TCP_OPTIONS_RULES;
