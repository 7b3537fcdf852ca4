import { execFile } from 'node:child_process'
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A private authority with a server's and a client's certificate, as files. */
export interface Certificates extends AsyncDisposable {
  /** What a client trusts. */
  readonly authority: string
  readonly client: { readonly certificate: string; readonly key: string }
  /** What a server needs that asks its clients for a certificate of the same authority. */
  readonly server: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer }
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Makes certificates for localhost by openssl. */
export async function makeCertificates(): Promise<Certificates> {
  const folder = await mkdtempDisposable(path.join(tmpdir(), 'certificates-'))
  const cwd = folder.path
  const at = (name: string): string => path.join(cwd, name)
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args, { cwd })
  await openssl('req', '-x509', ...CURVE, '-subj', '/CN=A private authority', '-keyout', 'ca.key', '-out', 'ca.crt')
  await writeFile(at('localhost.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  for (const name of ['localhost', 'the-client']) {
    await openssl('req', ...CURVE, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
    const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'localhost.ext']
    await openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-out', `${name}.crt`)
  }
  const [ca, cert, key] = await Promise.all(['ca.crt', 'localhost.crt', 'localhost.key'].map((it) => readFile(at(it))))
  return {
    authority: at('ca.crt'),
    client: { certificate: at('the-client.crt'), key: at('the-client.key') },
    server: { ca: ca!, cert: cert!, key: key! },
    [Symbol.asyncDispose]: () => folder.remove(),
  }
}
