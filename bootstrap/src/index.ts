/** A DuckMesh seed peer as a library. */
export { createSeed } from './create-seed.ts'
export type { Seed, SeedConfig } from './interface.ts'
