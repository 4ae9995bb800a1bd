/** Writes everything that is derived from the schemas: `npm run generate`. */
import { writeFile } from 'node:fs/promises';
import { generateConfigSchema } from './generate-config-schema.mjs';
import { generateEditorSchema } from './generate-editor-schema.mjs';
import { generateOpenapi } from './generate-openapi.mjs';
import { generateReference } from './generate-reference.mjs';
import { generateTypes } from './generate-types.mjs';

const top = new URL('../', import.meta.url);
const schemaText = await generateConfigSchema();
const schema = JSON.parse(schemaText);
const files = await generateTypes(schema);
files.set('schemas/config.schema.json', schemaText);
files.set('schemas/editor.schema.json', await generateEditorSchema(schema));
files.set('schemas/README.md', await generateReference(schema));
files.set('schemas/admin-api.openapi.json', await generateOpenapi());
for (const [file, text] of files) await writeFile(new URL(file, top), text);
