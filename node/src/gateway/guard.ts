/** Who may call a gateway that asks for no key: programs on this machine, not pages of strangers. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { FastifyRequest } from 'fastify'
import { isIP } from 'node:net'

const LOCAL_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Refuses an address that others can reach: there are no API keys yet, and whoever reaches the port spends the
 * node's money. Throws CONFIG_INVALID.
 */
export function checkBind(host: string): void {
  if (host === '::1' || host === 'localhost' || (isIP(host) === 4 && host.startsWith('127.')))
    return
  const what = `The gateway would be open to everybody at ${host}; it listens on 127.0.0.1 only.`
  throw new DuckMeshError('CONFIG_INVALID', what, { details: { option: 'gateway.host' } })
}

/**
 * True when the request comes from a program here or a page of this machine. A name that somebody pointed at
 * 127.0.0.1 (DNS rebinding) stands in `host`, a foreign page in `origin`.
 */
export function isLocalCaller({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  const { host, origin } = headers
  if (!isLocalName(host === undefined ? undefined : `http://${host}`)) return false
  return origin === undefined || isLocalName(origin)
}

function isLocalName(url: string | undefined): boolean {
  const name = url === undefined ? undefined : URL.parse(url)?.hostname
  return name !== undefined && (LOCAL_NAMES.has(name) || /^127\.[0-9.]+$/.test(name))
}
