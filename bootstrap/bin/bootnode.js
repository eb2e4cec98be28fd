#!/usr/bin/env -S node --conditions=@duckmesh/source
// Starts the seed peer from its TypeScript sources, or from dist when it was installed as a package.
const installed = import.meta.url.includes('/node_modules/')
await import(installed ? '../dist/main.js' : '../src/main.ts')
