export { createGateway } from './create-gateway.ts'
export type { Gateway } from './create-gateway.ts'
export type { GatewayClient, ReadyCheck } from './interface.ts'
