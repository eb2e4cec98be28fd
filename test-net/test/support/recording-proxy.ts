import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

const running = new Set<RecordingProxy>()

/** Stops every proxy that still runs, for hooks. */
export function stopProxies(): void {
  for (const proxy of running) proxy.stop()
}

/** Stands before a TCP port and keeps what it passes on in each direction. */
export class RecordingProxy {
  /** Bytes for the port behind. */
  readonly received: Buffer[] = []
  /** Bytes that it answered. */
  readonly answered: Buffer[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(targetPort: number) {
    this.#server = createServer((inner) => {
      const outer = connect(targetPort, '127.0.0.1')
      this.#pass(inner, outer, this.received)
      this.#pass(outer, inner, this.answered)
    })
  }

  /** Listens on a free port in front of the address; resolves to itself and the address to use. */
  static async before(url: string): Promise<{ proxy: RecordingProxy; url: string }> {
    const proxy = new RecordingProxy(Number(new URL(url).port))
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    const { port } = proxy.#server.address() as AddressInfo
    running.add(proxy)
    return { proxy, url: `http://127.0.0.1:${port}` }
  }

  stop(): void {
    running.delete(this)
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #pass(from: Socket, to: Socket, kept: Buffer[]): void {
    this.#sockets.add(from)
    from.on('data', (bytes: Buffer) => {
      kept.push(bytes)
      to.write(bytes)
    })
    from.on('close', () => to.destroy())
    from.on('error', () => to.destroy())
  }
}
