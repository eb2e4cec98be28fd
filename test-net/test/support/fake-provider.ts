/** The provider that does what a test tells it, under the name that tests know it by. */
export { FakeProvider } from '../../src/scenario/fake-provider.ts'
