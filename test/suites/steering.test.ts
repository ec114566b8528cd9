import { suite } from '../helpers/suite.ts'

await suite(
  'config/**/*',
  'costs/*',
  'geo/**/*',
  'replay/*',
  'signing/**/*',
  'steering/**/*',
  'scenarios/{steering,nearest,routes,sites,signed-redirects,explain}',
)
