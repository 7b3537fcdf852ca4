/** A library of queues, and where it has them. */
export interface QueueLibrary {
  /** Its name as `messaging.system` and as the label `engine`. */
  readonly name: string
  /** Its name as a package. */
  readonly package: string
  /** The modules of its that define what is instrumented, as paths and as URLs have them. */
  readonly files: RegExp
  /** Names that these modules give to it: of exports, or of bindings at the top of an ES module. */
  readonly exports: readonly string[]
}

/** The libraries of `queueEngines`: enough to know when one is loaded, without what instruments it. */
export const queueLibraries = {
  bullmq: {
    name: 'bullmq',
    package: 'bullmq',
    files:
      /[\\/]node_modules[\\/]bullmq[\w.-]*[\\/]dist[\\/](?:cjs|esm)[\\/]classes[\\/](?:queue|worker|flow-producer)\.js$/,
    exports: ['Queue', 'Worker', 'FlowProducer'],
  },
  amqplib: {
    name: 'rabbitmq',
    package: 'amqplib',
    files: /[\\/]node_modules[\\/]amqplib[\\/]lib[\\/](?:channel_model|callback_model|connection)\.js$/,
    exports: ['Channel', 'Connection'],
  },
  pgBoss: {
    name: 'pg-boss',
    package: 'pg-boss',
    files: /[\\/]node_modules[\\/]pg-boss[\\/]dist[\\/]index\.js$/,
    exports: ['PgBoss'],
  },
  pQueue: {
    name: 'p-queue',
    package: 'p-queue',
    files: /[\\/]node_modules[\\/]p-queue[\\/]dist[\\/]index\.js$/,
    exports: ['PQueue'],
  },
  fastq: {
    name: 'fastq',
    package: 'fastq',
    files: /[\\/]node_modules[\\/]fastq[\\/]queue\.js$/,
    exports: [],
  },
} as const satisfies Readonly<Record<string, QueueLibrary>>
