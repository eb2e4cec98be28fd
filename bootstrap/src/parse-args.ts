/** Command line of the seed peer. */
import { parseArgs } from 'node:util'
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import type { SeedConfig } from './interface.ts'

export const USAGE = `duckmesh-bootnode [options]

  --data-dir DIR    identity and peer store (default ./.duckmesh/seed)
  --host ADDRESS    address to listen on (default 127.0.0.1)
  --port N          TCP port, 0 for a free one (default 3825)
  --ws-port N       WebSocket port, 0 for a free one (default 3826)
  --announce ADDR   multiaddr to announce instead; may be repeated
  --local           keep loopback addresses (a network on this machine)
`

/** Reads the arguments. Throws CONFIG_INVALID naming the option. */
export function parseSeedArgs(argv: readonly string[]): SeedConfig {
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
    const { host, announce, local } = values
    const port = portOf('--port', values.port)
    const wsPort = portOf('--ws-port', values['ws-port'])
    return { dataDir: values['data-dir'], host, port, wsPort, announce, local }
  } catch (error) {
    throw toDuckMeshError(error, 'CONFIG_INVALID')
  }
}

function portOf(name: string, text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new DuckMeshError('CONFIG_INVALID', `${name} must be a port from 0 to 65535, not ${text}.`)
}
