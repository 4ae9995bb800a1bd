import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { systemCodeOf } from '../../errors.ts';
import type { ConfigSources } from '../files/config-sources.ts';
import { hashOfSources } from '../files/config-sources.ts';
import { MAX_INCLUDED_FILES, listIncluded } from '../files/list-included.ts';
import { hashFile } from '../files/read-config-file.ts';

/** What the files of a config are at some moment. */
export interface SourceSnapshot {
  /** Equal to that of a load which reads the same. */
  readonly hash: string;
  /** Changes whenever somebody writes to one of the files or puts another one in its place. */
  readonly stamp: string;
  /** Whether a file that must be there is missing, or is empty, as they are for a moment when they are replaced. */
  readonly gap: boolean;
  /** Whether a file is gone from those that a pattern matches. */
  readonly vanished: boolean;
  /** Included files that may be links. */
  readonly links: readonly string[];
}

interface FileState {
  readonly stamp: string;
  readonly hash: string | undefined;
  readonly gap: boolean;
  /** Whether the stamp is old enough to change with the next write. */
  readonly trusted: boolean;
}

/** Clocks of file systems tick slowly: a file that was written so recently may be written again under the same time. */
const FRESH_MS = 3000;

/** Takes snapshots, and reads a file again only when it may have changed. */
export class SnapshotTaker {
  #states = new Map<string, FileState>();

  async take(sources: ConfigSources): Promise<SourceSnapshot> {
    const main = sources.files.filter(({ role }) => role === 'main');
    const references = sources.files.filter(({ role }) => role === 'reference');
    const listed = await listIncluded(sources.includes, main[0]?.file ?? '');
    const included = listed.flatMap(({ files }) => files);
    // The load refuses so many, and reads none of them.
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
      // What could not be read, for want of descriptors or otherwise, is tried again.
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
