/** The operator's side of the admin face, as a client with its key. */

export interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface AdminClient {
  ask(method: string, path: string, key?: string): Promise<AdminAnswer>;
}

/** Of the world's gateway; its key is `admin` unless another is given. */
export function adminClient(port: () => number): AdminClient {
  return {
    async ask(method, path, key = 'admin') {
      const headers = { authorization: `Bearer ${key}` };
      const response = await fetch(`http://127.0.0.1:${port()}${path}`, { method, headers });
      const text = await response.text();
      const isJson = response.headers.get('content-type') === 'application/json';
      return {
        status: response.status,
        headers: response.headers,
        body: isJson ? (JSON.parse(text) as unknown) : text,
      };
    },
  };
}
