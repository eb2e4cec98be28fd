/** Serves one page to a browser, lets it ask the chain at its own origin, and hears what it has to say. */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export class PageServer {
  /** What the page posted to `/told`. */
  readonly told: Promise<unknown>
  readonly #rpcUrl: string
  readonly #script: Uint8Array
  readonly #server: Server
  #tell: (value: unknown) => void = () => undefined

  private constructor(script: Uint8Array, rpcUrl: string) {
    this.#script = script
    this.#rpcUrl = rpcUrl
    this.told = new Promise((resolve) => {
      this.#tell = resolve
    })
    this.#server = createServer((request, response) => {
      void this.#answer(request, response)
    })
  }

  /** Serves this module script; `/rpc` goes on to the chain at `rpcUrl`. */
  static async start(script: Uint8Array, rpcUrl: string): Promise<PageServer> {
    const server = new PageServer(script, rpcUrl)
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const part of request) body += String(part)
    const [type, answer] = await this.#route(request.url ?? '/', body)
    response.writeHead(200, { 'content-type': type })
    response.end(answer)
  }

  async #route(path: string, body: string): Promise<[string, string | Uint8Array]> {
    if (path === '/page.js') return ['text/javascript', this.#script]
    if (path === '/rpc') {
      const answer = await fetch(this.#rpcUrl, { method: 'POST', body })
      return ['application/json', await answer.text()]
    }
    if (path === '/told') this.#tell(JSON.parse(body))
    return ['text/html', '<script type="module" src="/page.js"></script>']
  }
}
