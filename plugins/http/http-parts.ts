import type { Connection } from '../../src/plugin-api/index.ts';
import { ClientSession } from './exchange/client-session.ts';
import { explain } from './explain/explain.ts';
import type { RouteFilters } from './filters/filter-chain.ts';
import { FilterStates } from './filters/host/filter-states.ts';
import { RequestIds } from './forwarding/request-ids.ts';
import { Http1ClientCodec } from './h1/client-codec.ts';
import { HeadRecorder } from './h1/parse/head-recorder.ts';
import { ParserSupply } from './h1/llhttp/llhttp.ts';
import { ReaderSupply } from './h1/parse/reader-supply.ts';
import { ServerConnection } from './h1/server-connection.ts';
import { BufferedBodies } from './instance/body-buffering.ts';
import { MirrorLoad } from './instance/mirror-load.ts';
import type { HttpInstance, HttpParts } from './instance/http-instance.ts';

/** Connects the HTTP/1 codec with the code that serves requests. Only this file knows both. */
export function makeHttpParts(filtersOf: RouteFilters): HttpParts {
  const supply = new ParserSupply();
  const recorder = new HeadRecorder(supply.first.arena.length);
  const connect = (connection: Connection, instance: HttpInstance): ServerConnection =>
    new ServerConnection(connection, instance, new ClientSession(connection, instance), { supply, recorder });
  return {
    clients: new Http1ClientCodec(new ReaderSupply(supply, recorder)),
    requestIds: new RequestIds(),
    bufferedBodies: new BufferedBodies('Request buffering is full: bodies are streamed'),
    keptBodies: new BufferedBodies('Memory for retries is full: requests with bodies are sent once'),
    mirrorLoad: new MirrorLoad(),
    filtersOf,
    filterStates: new FilterStates(),
    connect,
    explain: (request, instance) => explain(request, instance, connect),
  };
}
