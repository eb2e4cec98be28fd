/** The HTTP gateway of a node: OpenAI's API over the mesh, and the node's health. */
import { DuckMeshError } from '@duckmesh/protocols'
import fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { randomUUID } from 'node:crypto'
import { answerError, answerNotFound, errorBody } from './answer-error.ts'
import { ChatRoute } from './chat-route.ts'
import { MAX_BODY_BYTES, REQUEST_TIMEOUT_MS } from './constants.ts'
import { registerCors } from './cors.ts'
import { checkBind, isLocalCaller } from './guard.ts'
import { registerHealth } from './health-route.ts'
import type { GatewayComponents, GatewayInit } from './interface.ts'
import { registerModels } from './models-route.ts'
import { registerNumbers } from './numbers-route.ts'
import { PaidRequests } from './paid-requests.ts'

export interface Gateway {
  /** `http://host:port` as it listens. */
  readonly url: string
  /** Refuses new requests and waits for those under way. */
  readonly stop: () => Promise<void>
}

/** Starts to listen. Rejects with CONFIG_INVALID for an address others can reach, or PORT_IN_USE. */
export async function createGateway(
  components: GatewayComponents,
  init: GatewayInit,
): Promise<Gateway> {
  checkBind(init.host)
  const stopping = new AbortController()
  const server = createServer(components, stopping.signal)
  const stop = (): Promise<void> => {
    stopping.abort()
    return server.close()
  }
  return { url: await listen(server, init), stop }
}

/** Every route behind the same checks; for tests also without a port. */
export function createServer(
  components: GatewayComponents,
  stopping: AbortSignal,
): FastifyInstance {
  const server = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    // Told by the hook below, in the shape that clients read.
    return503OnClosing: false,
    genReqId: () => randomUUID(),
    logger: false,
  })
  server.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    if (!isLocalCaller(request)) await reply.code(403).send(foreign())
  })
  registerCors(server)
  server.addHook('onRequest', async (_, reply) => {
    if (!stopping.aborted) return
    reply.header('connection', 'close')
    throw new DuckMeshError('SHUTTING_DOWN', 'The gateway stops.')
  })
  server.setErrorHandler((error, request, reply) => answerError(error, request, reply, components))
  server.setNotFoundHandler(answerNotFound)
  registerHealth(server, components)
  registerModels(server, components)
  const paid = new PaidRequests(components, stopping)
  new ChatRoute(components, paid).register(server)
  registerNumbers(server, components, paid)
  return server
}

async function listen(server: FastifyInstance, { host, port }: GatewayInit): Promise<string> {
  try {
    return await server.listen({ host, port })
  } catch (cause) {
    await server.close()
    const what = `The gateway cannot listen on ${host}:${port}.`
    throw new DuckMeshError('PORT_IN_USE', what, { cause, details: { option: 'gateway.port' } })
  }
}

function foreign(): object {
  const what = 'This gateway answers programs and pages of its own machine only.'
  return errorBody(what, null, 'unauthorized')
}
