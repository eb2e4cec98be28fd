/** A gateway over a scripted client, with and without a port. */
import { request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { createGateway, createServer } from '../../src/gateway/create-gateway.ts'
import type { Gateway } from '../../src/gateway/index.ts'
import type { GatewayComponents, ReadyCheck } from '../../src/gateway/interface.ts'
import { ManualClock } from '../manual-clock.ts'
import { NotedLogs } from '../noted-logs.ts'
import { ScriptedClient } from './scripted-job.ts'

export const NOW_MS = 1_700_000_000_500

export const CHAT = { model: 'duckling', messages: [{ role: 'user', content: 'Hello' }] }

/** What `inject` answered, its body read as JSON. */
export interface Answer {
  status: number
  body: Record<string, unknown>
  error: { message: string; type: string; param: string | null; code: string }
  headers: Record<string, unknown>
  text: string
}

interface Injection {
  method: 'GET' | 'POST' | 'OPTIONS' | 'PUT'
  url: string
  headers?: Record<string, string>
  payload?: unknown
}

export class FakeGateway {
  readonly clock: ManualClock = new ManualClock(NOW_MS)
  readonly client: ScriptedClient = new ScriptedClient()
  readonly logger: NotedLogs = new NotedLogs()
  readonly stopping: AbortController = new AbortController()
  checks: ReadyCheck[] = [{ name: 'chain', ok: true, detail: 'FRESH' }]
  readonly components: GatewayComponents = {
    clock: this.clock,
    client: this.client,
    logger: this.logger,
    ready: () => Promise.resolve(this.checks),
    stats: () => Promise.resolve('{"inFlight":1}'),
    version: '9.9.9',
  }
  readonly #server = createServer(this.components, this.stopping.signal)

  /** A request without a socket, as a program on this machine sends it. */
  async ask({ headers, method, payload, url }: Injection): Promise<Answer> {
    const response = await this.#server.inject({
      method,
      url,
      headers: { host: '127.0.0.1:3828', ...headers },
      ...(payload === undefined ? {} : { payload: payload as object }),
    })
    const { body: text, headers: told, statusCode: status } = response
    const isJson = String(told['content-type']).startsWith('application/json')
    const body = (isJson ? JSON.parse(text) : {}) as Record<string, unknown>
    return { status, body, error: body['error'] as Answer['error'], headers: told, text }
  }

  get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.ask({ method: 'GET', url, headers })
  }

  chat(over: object = {}, headers: Record<string, string> = {}): Promise<Answer> {
    const payload = { ...CHAT, ...over }
    return this.ask({ method: 'POST', url: '/v1/chat/completions', payload, headers })
  }

  /** The same gateway on a port of its own. */
  listen(): Promise<Gateway> {
    return createGateway(this.components, { host: '127.0.0.1', port: 0 })
  }
}

/** A POST over a real socket; resolves with the head of the answer. */
export function post(
  url: string,
  body: object,
  headers: Record<string, string> = {},
): { request: ClientRequest; response: Promise<IncomingMessage> } {
  const request = httpRequest(new URL('/v1/chat/completions', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
  })
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    request.once('error', reject)
  })
  // Told by whoever waits for it.
  response.catch(() => undefined)
  request.end(JSON.stringify(body))
  return { request, response }
}

/** The whole body of an answer. */
export async function textOf(response: Promise<IncomingMessage>): Promise<string> {
  let text = ''
  for await (const part of (await response).setEncoding('utf8')) text += String(part)
  return text
}

/** The data of an SSE body, in order; comments apart. */
export function eventsOf(text: string): { data: unknown[]; comments: string[]; last: string } {
  const lines = text.split('\n\n').filter((line) => line !== '')
  const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice(6))
  const comments = lines.filter((line) => line.startsWith(': ')).map((line) => line.slice(2))
  const json = data.filter((line) => line !== '[DONE]').map((line) => JSON.parse(line) as unknown)
  return { data: json, comments, last: lines.at(-1) ?? '' }
}
