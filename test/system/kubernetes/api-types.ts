import { join } from 'node:path';
import ts from 'typescript';

import { ROOT } from '../../support/labs/built-program.ts';

/** A resource of Kubernetes, as its YAML has it. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  types: [],
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es5.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  skipLibCheck: true,
};

/** What the compiler has read, by file: it is the same for each check. */
const read = new Map<string, ts.SourceFile | undefined>();

/**
 * What is wrong with resources: names that the API does not know, fields that are missing, values of another type. The compiler checks
 * each resource, as a literal, against the types that were generated of the API's published description (kubernetes-types).
 */
export function wrongFields(resources: readonly Resource[]): string[] {
  const file = join(ROOT, 'test/system/kubernetes/resources.generated.ts');
  const source = resources
    .map(({ apiVersion, kind, ...fields }, index) => {
      const module = apiVersion.includes('/') ? apiVersion : `core/${apiVersion}`;
      const type = `import('kubernetes-types/${module}').${kind}`;
      return `export const r${String(index)}: ${type} = ${JSON.stringify({ apiVersion, kind, ...fields })};`;
    })
    .join('\n');
  const host = ts.createCompilerHost(OPTIONS);
  const { getSourceFile } = host;
  host.getSourceFile = (name, version) => {
    if (name === file) return ts.createSourceFile(name, source, version);
    if (!read.has(name)) read.set(name, getSourceFile.call(host, name, version));
    return read.get(name);
  };
  const { fileExists } = host;
  host.fileExists = (name) => name === file || fileExists.call(host, name);
  const program = ts.createProgram([file], OPTIONS, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
