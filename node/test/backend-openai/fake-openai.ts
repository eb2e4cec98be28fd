/** A server that speaks OpenAI's chat API over real HTTP, as well or as badly as a test wants. */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ChatRequest {
  model: string
  messages: { role: string; content: string }[]
  max_tokens: number
  stream: boolean
  [field: string]: unknown
}

/** Answers one chat request, right or wrong. */
export type ChatScript = (request: ChatRequest, reply: Reply) => void | Promise<void>

/** One answer being sent. */
export class Reply {
  /** Resolves when the other side is gone. */
  readonly gone: Promise<void>
  isGone = false
  readonly #response: ServerResponse

  constructor(response: ServerResponse) {
    this.#response = response
    this.gone = new Promise((resolve) => {
      response.on('close', () => {
        this.isGone = true
        resolve()
      })
    })
  }

  status(code: number, body = '{"error": {"message": "secret of the endpoint"}}'): void {
    this.#response.writeHead(code, { 'content-type': 'application/json' }).end(body)
  }

  redirect(location: string): void {
    this.#response.writeHead(307, { location }).end()
  }

  json(value: unknown): void {
    this.status(200, JSON.stringify(value))
  }

  begin(type = 'text/event-stream; charset=utf-8'): this {
    this.#response.writeHead(200, { 'content-type': type })
    this.#response.flushHeaders()
    return this
  }

  /** Resolves when the system took it: later when the other side does not read. */
  raw(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#response.write(bytes, () => {
        resolve()
      })
    })
  }

  event(value: unknown): Promise<void> {
    return this.raw(`data: ${JSON.stringify(value)}\n\n`)
  }

  delta(content: string, finishReason: string | null = null): Promise<void> {
    return this.event({ choices: [{ index: 0, delta: { content }, finish_reason: finishReason }] })
  }

  usage(promptTokens: number, completionTokens: number): Promise<void> {
    const usage = { prompt_tokens: promptTokens, completion_tokens: completionTokens }
    return this.event({ choices: [], usage })
  }

  done(): void {
    this.#response.end('data: [DONE]\n\n')
  }

  end(): void {
    this.#response.end()
  }

  /** The connection breaks. */
  drop(): void {
    this.#response.destroy()
  }
}

/** A good answer: these deltas, the reason, the usage, the mark of the end. */
export function answering(deltas: readonly string[], reason = 'stop'): ChatScript {
  return async (_, reply) => {
    reply.begin()
    await reply.event({ choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] })
    for (const delta of deltas) {
      if (reply.isGone) return
      await reply.delta(delta)
    }
    await reply.delta('', reason)
    await reply.usage(7, deltas.length)
    reply.done()
  }
}

export class FakeOpenAi {
  models = ['remote-model']
  /** The next chats, one each; then `script`. */
  readonly next: ChatScript[] = []
  script: ChatScript = answering(['one ', 'two ', 'three'])
  /** Replaces the list of models. */
  list: ((reply: Reply) => void) | undefined
  readonly chats: ChatRequest[] = []
  readonly authorizations: (string | undefined)[] = []
  readonly replies: Reply[] = []
  lists = 0
  readonly #server: Server
  #onChat: (() => void)[] = []

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#serve(request, new Reply(response))
    })
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve)
    })
    return this
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    await new Promise((resolve) => {
      this.#server.close(resolve)
      this.#server.closeAllConnections()
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`
  }

  /** Resolves when `count` chats came in all. */
  async chatted(count: number): Promise<void> {
    while (this.chats.length < count) {
      await new Promise<void>((resolve) => {
        this.#onChat.push(resolve)
      })
    }
  }

  async #serve(request: IncomingMessage, reply: Reply): Promise<void> {
    this.authorizations.push(request.headers.authorization)
    if (request.url === '/v1/models') {
      this.lists += 1
      if (this.list !== undefined) this.list(reply)
      else reply.json({ object: 'list', data: this.models.map((id) => ({ id, object: 'model' })) })
      return
    }
    if (request.url !== '/v1/chat/completions') {
      reply.status(404)
      return
    }
    let body = ''
    for await (const bytes of request) body += String(bytes)
    const chat = JSON.parse(body) as ChatRequest
    this.chats.push(chat)
    this.replies.push(reply)
    for (const tell of this.#onChat.splice(0)) tell()
    await (this.next.shift() ?? this.script)(chat, reply)
  }
}
