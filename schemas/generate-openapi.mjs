/** Derives the JSON that the admin server serves from the YAML that people edit. */
import { readFile } from 'node:fs/promises';
import { format } from 'prettier';
import { parse } from 'yaml';

export async function generateOpenapi() {
  const text = await readFile(new URL('admin-api.openapi.yaml', import.meta.url), 'utf8');
  return format(JSON.stringify(parse(text)), { parser: 'json', printWidth: 110 });
}
