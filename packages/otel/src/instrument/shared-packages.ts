/** What parts share with the file that loads them, by package: all that they import of it, as the build finds (tsdown.config.ts). */
export declare const sharedPackages: Readonly<Record<string, object>>
