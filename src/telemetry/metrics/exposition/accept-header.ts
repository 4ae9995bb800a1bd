import type { ExpositionFormat } from './exposition.ts';

const OPENMETRICS_TYPE = 'application/openmetrics-text';
const OPENMETRICS_VERSIONS: readonly (string | undefined)[] = [undefined, '0.0.1', '1.0.0'];
const TEXT_TYPES = ['text/plain', 'text/*', '*/*'];

/** The format that an `Accept` field prefers. A client that does not name OpenMetrics gets the older text format, which all clients can read. */
export function acceptedFormat(accept: string | undefined): ExpositionFormat {
  let openmetrics = 0;
  let text = 0;
  for (const { value, parameters } of elementsOf(accept)) {
    const quality = qualityOf(parameters);
    if (value === OPENMETRICS_TYPE && OPENMETRICS_VERSIONS.includes(parameters.get('version')))
      openmetrics = Math.max(openmetrics, quality);
    else if (TEXT_TYPES.includes(value)) text = Math.max(text, quality);
  }
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'prometheus';
}

/** Whether an `Accept-Encoding` field asks for gzip. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  return elementsOf(acceptEncoding).some(
    ({ value, parameters }) => (value === 'gzip' || value === 'x-gzip') && qualityOf(parameters) > 0,
  );
}

interface Element {
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
}

function elementsOf(field: string | undefined): Element[] {
  return (field ?? '').split(',').map((element) => {
    const [value = '', ...rest] = element.split(';').map((part) => part.trim().toLowerCase());
    const parameters = new Map<string, string>();
    for (const parameter of rest) {
      const [name = '', text = ''] = parameter.split('=').map((part) => part.trim());
      parameters.set(name, text.replace(/^"(.*)"$/, '$1'));
    }
    return { value, parameters };
  });
}

/** The `q` parameter of an element, from 0 to 1. A value that is not valid counts as 0, so that the element is ignored. */
function qualityOf(parameters: ReadonlyMap<string, string>): number {
  const text = parameters.get('q');
  if (text === undefined) return 1;
  const quality = Number(text);
  return quality >= 0 && quality <= 1 ? quality : 0;
}
