/** Command line of the seed peer. */
import { isIP } from 'node:net'
import { parseArgs } from 'node:util'
import { multiaddr } from '@multiformats/multiaddr'
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import type { SeedConfig } from './interface.ts'

export const USAGE = `duckmesh-bootnode [options]

  --data-dir DIR    identity and peer store (default ./.duckmesh/seed)
  --host ADDRESS    IP address to listen on (default 127.0.0.1)
  --port N          TCP port, 0 for a free one (default 3825)
  --ws-port N       WebSocket port, 0 for a free one (default 3826)
  --announce ADDR   multiaddr to announce instead; may be repeated
  --local           keep loopback addresses (a network on this machine)
`

/** Reads the arguments. Throws CONFIG_INVALID naming the option. */
export function parseSeedArgs(argv: readonly string[]): SeedConfig {
  const values = readOptions(argv)
  const { host, announce, local, 'data-dir': dataDir } = values
  if (isIP(host) === 0) throw invalid('--host', 'an IP address', host)
  if (dataDir === '') throw invalid('--data-dir', 'a folder', dataDir)
  const port = portOf('--port', values.port)
  const wsPort = portOf('--ws-port', values['ws-port'])
  for (const address of announce) checkAddress(address)
  return { dataDir, host, port, wsPort, announce, local }
}

function readOptions(argv: readonly string[]): {
  'data-dir': string
  host: string
  port: string
  'ws-port': string
  announce: string[]
  local: boolean
} {
  try {
    const { values } = parseArgs({
      args: [...argv],
      strict: true,
      options: {
        'data-dir': { type: 'string', default: './.duckmesh/seed' },
        host: { type: 'string', default: '127.0.0.1' },
        port: { type: 'string', default: '3825' },
        'ws-port': { type: 'string', default: '3826' },
        announce: { type: 'string', multiple: true, default: [] },
        local: { type: 'boolean', default: false },
      },
    })
    return values
  } catch (error) {
    throw toDuckMeshError(error, 'CONFIG_INVALID')
  }
}

function portOf(name: string, text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw invalid(name, 'a port from 0 to 65535', text)
}

function checkAddress(text: string): void {
  try {
    multiaddr(text)
  } catch {
    throw invalid('--announce', 'a multiaddr, e.g. /ip4/203.0.113.7/tcp/3825', text)
  }
}

function invalid(option: string, expected: string, given: string): DuckMeshError {
  const what = `${option} must be ${expected}, not "${given}".`
  return new DuckMeshError('CONFIG_INVALID', what, { details: { option } })
}
