import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { systemCodeOf } from '../../errors.ts';
import type { ConfigSources } from '../files/config-sources.ts';
import { hashOfSources } from '../files/config-sources.ts';
import { MAX_INCLUDED_FILES, listIncluded } from '../files/list-included.ts';
import { hashFile } from '../files/read-config-file.ts';

/** The state of a config's files at one moment. */
export interface SourceSnapshot {
  /** Equal to the hash of a load that reads the same content. */
  readonly hash: string;
  /** Changes whenever one of the files is written or replaced. */
  readonly stamp: string;
  /** Whether a file that must exist is missing or empty, as it is for a moment while it is replaced. */
  readonly gap: boolean;
  /** Whether a file is gone from those that a pattern matches. */
  readonly vanished: boolean;
  /** Included files that may be symbolic links. */
  readonly links: readonly string[];
}

interface FileState {
  readonly stamp: string;
  readonly hash: string | undefined;
  readonly gap: boolean;
  /** Whether the file is old enough that the next write is sure to change its stamp. */
  readonly trusted: boolean;
}

/** File systems store coarse times: another write to a file this young might not change its time. */
const FRESH_MS = 3000;

/** Takes snapshots, and reads a file again only when it may have changed. */
export class SnapshotTaker {
  #states = new Map<string, FileState>();

  async take(sources: ConfigSources): Promise<SourceSnapshot> {
    const main = sources.files.filter(({ role }) => role === 'main');
    const references = sources.files.filter(({ role }) => role === 'reference');
    const listed = await listIncluded(sources.includes, main[0]?.file ?? '');
    const included = listed.flatMap(({ files }) => files);
    // A load refuses more files than this, and reads none of them.
    const counted = included.length > MAX_INCLUDED_FILES ? [] : included;
    const files = [...main, ...counted.map((file) => ({ file, role: 'include' as const })), ...references];
    const states = new Map<string, FileState>();
    for (const { file } of files) states.set(file, await this.#look(file));
    this.#states = states;
    return {
      hash: hashOfSources(files.map(({ file, role }) => ({ file, role, hash: states.get(file)?.hash }))),
      stamp: JSON.stringify([...states].map(([file, { stamp, hash }]) => [file, stamp, hash])),
      gap: [...states.values()].some(({ gap }) => gap),
      vanished: hasVanished(sources, new Set(included)),
      links: listed.flatMap(({ links }) => links),
    };
  }

  async #look(file: string): Promise<FileState> {
    try {
      const stats = await stat(file, { bigint: true });
      const stamp = stampOf(stats);
      const known = this.#states.get(file);
      if (known?.trusted === true && known.stamp === stamp) return known;
      const { hash } = await hashFile(file);
      // A file that could not be read, as without free descriptors, is read again next time.
      const trusted = hash !== undefined && BigInt(Date.now() - FRESH_MS) > stats.mtimeMs;
      return { stamp, hash, gap: stats.size === 0n, trusted };
    } catch (thrown) {
      const code = systemCodeOf(thrown);
      const gap = code === 'ENOENT' || code === 'ENOTDIR';
      return { stamp: code, hash: undefined, gap, trusted: false };
    }
  }
}

function hasVanished({ files }: ConfigSources, included: ReadonlySet<string>): boolean {
  return files.some(({ file, role }) => role === 'include' && !included.has(file));
}

function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}
