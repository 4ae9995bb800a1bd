import { readFileSync } from 'node:fs';

/** The protocol of the example, as a stranger writes it: plain JavaScript that knows nothing but the plugin API, and needs no backend. */
export const ECHO_PLUGIN = readFileSync(new URL('../../../config/plugins/echo.mjs', import.meta.url), 'utf8');
