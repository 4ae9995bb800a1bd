import { resolve } from 'node:path';
import { findUnused } from './find-unused.ts';
import { measureStructure } from './measure-structure.ts';
import { readSources } from './read-sources.ts';
import { missedBars } from './structure-bars.ts';
import { structureReport } from './structure-report.ts';

// npm run structure [-- FOLDER]: how the checkout in FOLDER is laid out (default: this one), as Markdown. Fails when a bar is missed.
const root = resolve(process.argv[2] ?? '.');
const structure = measureStructure(readSources(root));
const missed = missedBars(structure);
process.stdout.write(structureReport(structure, findUnused(root), missed));
process.exitCode = missed.length === 0 ? 0 : 1;
