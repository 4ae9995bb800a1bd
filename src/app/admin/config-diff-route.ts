import { AdminError } from '../../admin/endpoint/admin-error.ts';
import { jsonResponse } from '../../admin/endpoint/admin-response.ts';
import { post, type AdminRoute } from '../../admin/endpoint/admin-router.ts';
import { ConfigError } from '../../config/load/config-error.ts';
import type { ConfigChange } from '../../config/diff/config-change.ts';
import type { RulesOf } from '../../config/options/listener-options.ts';
import { diffConfigs } from '../../config/diff/diff-configs.ts';
import { summarizeChanges } from '../../config/diff/config-change.ts';
import type { BoundAddresses } from '../../config/diff/socket-plan.ts';
import type { DroppedState } from '../parts/hand-participant.ts';
import { diffReferences } from '../../config/diff/diff-references.ts';
import type { LoadedConfig } from '../../config/load/load-config.ts';

/** The states that operators have set. */
export interface ComparedHands {
  /** Those that an edit to these upstreams would drop. */
  droppedBy(upstreams: LoadedConfig['config']['upstreams']): readonly DroppedState[];
}

const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** The reloads, as far as a comparison needs them. */
export interface ComparedReloads {
  readonly live: LoadedConfig | undefined;
  readonly generation: { readonly id: number } | undefined;
  /** The rules of the protocols that are live, about their options. */
  readonly rulesOf: RulesOf;
  /** Checks a text as a reload would if it stood in the config file. Rejects with a ConfigError. */
  check(text: string): Promise<LoadedConfig>;
}

/**
 * `POST /config/diff`: what would change if the text in the body stood in the config file. It changes nothing. It answers as a reload would:
 * 200 when the text would be accepted, as far as that can be known without doing it, otherwise 422.
 */
export function configDiffRoute(
  reloads: ComparedReloads,
  listeners: { addresses(): BoundAddresses },
  hands: ComparedHands,
): AdminRoute {
  const changesTo = (loaded: LoadedConfig): ConfigChange[] => [
    ...diffConfigs(reloads.live?.config, loaded.config, {
      rulesOf: reloads.rulesOf,
      addresses: listeners.addresses(),
    }),
    ...diffReferences(reloads.live, loaded),
    ...hands.droppedBy(loaded.config.upstreams).map(changeOf),
  ];
  return post(
    '/config/diff',
    async (request) => {
      const text = request.text();
      const current = reloads.generation;
      if (current === undefined) throw new AdminError(503, 'not_ready', 'no config is live yet');
      const report = await compared(() => reloads.check(text), changesTo);
      return jsonResponse(report.ok ? 200 : 422, { generation: current.id, ...report });
    },
    { maxBodyBytes: MAX_BODY_BYTES },
  );
}

/** An operator who has taken a backend out must learn that an edit brings it back. */
function changeOf({ upstream, backend, state, renamedTo }: DroppedState): ConfigChange {
  return {
    path: `upstreams[${upstream}].backends[${backend}]`,
    kind: 'removed',
    effect: 'hot',
    summary: `upstream ${upstream}: backend ${backend}: state ${state.state}, set by hand, is dropped`,
    note:
      renamedTo === undefined
        ? 'the config has no such backend any more'
        : `the backend is called ${renamedTo} then: set its state again`,
  };
}

async function compared(
  check: () => Promise<LoadedConfig>,
  changesTo: (loaded: LoadedConfig) => readonly ConfigChange[],
) {
  try {
    const loaded = await check();
    const changes = changesTo(loaded);
    const refused = changes.find(({ effect }) => effect === 'refused');
    const message = refused === undefined ? summarizeChanges(changes) : (refused.note ?? refused.summary);
    return { ok: refused === undefined, message, changes, problems: [], warnings: loaded.warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { ok: false, message: error.message, changes: [], problems: error.problems, warnings: [] };
  }
}
