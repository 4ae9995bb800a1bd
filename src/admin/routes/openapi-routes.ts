import document from '../../../schemas/admin-api.openapi.json' with { type: 'json' };
import { toYaml } from '../../config/schema/show-config.ts';
import { jsonResponse, YAML_TYPE } from '../endpoint/admin-response.ts';
import { get, type AdminRoute } from '../endpoint/admin-router.ts';

/** `GET /openapi.json` and `GET /openapi.yaml`: the description of all endpoints. */
export function openapiRoutes(): AdminRoute[] {
  return [
    get('/openapi.json', () => jsonResponse(200, document)),
    get('/openapi.yaml', () => ({ status: 200, contentType: YAML_TYPE, body: toYaml(document) })),
  ];
}
