/** Lets pages of this machine read the answers (fetch standard, CORS protocol); strangers' pages were refused before. */
import type { FastifyInstance } from 'fastify'

/** How long a browser need not ask again, s. */
const MAX_AGE_S = 600

/** What a page may read besides the body. */
const EXPOSED = 'x-request-id, x-duckmesh-job, retry-after'

/** After the check of the caller: then an origin is one of this machine. */
export function registerCors(server: FastifyInstance): void {
  server.addHook('onRequest', async ({ headers, method }, reply) => {
    const { origin } = headers
    if (origin === undefined) return
    reply.header('access-control-allow-origin', origin)
    reply.header('access-control-expose-headers', EXPOSED)
    reply.header('vary', 'origin')
    const asked = headers['access-control-request-method']
    if (method !== 'OPTIONS' || asked === undefined) return
    reply.header('access-control-allow-methods', 'GET, POST')
    reply.header('access-control-allow-headers', headers['access-control-request-headers'] ?? '')
    reply.header('access-control-max-age', `${MAX_AGE_S}`)
    await reply.code(204).send()
  })
}
