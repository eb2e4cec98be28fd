/**
 * `/health` (the seed document's four fields), `/livez` (the process answers), `/readyz` (it can do its work) and
 * `/stats` (what it did: this node's own view, never a claim about the network).
 */
import type { FastifyInstance } from 'fastify'
import { toDuckMeshError } from '@duckmesh/protocols'
import type { GatewayComponents, ReadyCheck } from './interface.ts'

export function registerHealth(server: FastifyInstance, components: GatewayComponents): void {
  const { clock, version } = components
  const startedMs = clock.now()
  server.get('/health', async () => {
    const checks = await checksOf(components)
    const now = clock.now()
    return {
      status: checks.every(({ ok }) => ok) ? 'healthy' : 'degraded',
      timestamp: new Date(now).toISOString(),
      version,
      uptime: Math.floor((now - startedMs) / 1_000),
    }
  })
  server.get('/stats', async (_, reply) => {
    return reply.type('application/json').send(await components.stats())
  })
  server.get('/livez', () => ({ status: 'alive' }))
  server.get('/readyz', async (_, reply) => {
    const checks = await checksOf(components)
    const ready = checks.every(({ ok }) => ok)
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', checks })
  })
}

async function checksOf({ ready }: GatewayComponents): Promise<ReadyCheck[]> {
  try {
    return await ready()
  } catch (error) {
    return [{ name: 'node', ok: false, detail: toDuckMeshError(error).code }]
  }
}
