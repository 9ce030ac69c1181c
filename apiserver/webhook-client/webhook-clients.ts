import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { ObjectReader } from "../registry/access.ts";
import type { WebhookKubeconfig } from "./credentials.ts";
import { networkWebhookClient } from "./network-client.ts";
import { endpointResolver } from "./service-resolver.ts";
import type { WebhookClient } from "./webhook-client.ts";

export interface WebhookClientsOptions {
  readonly reader: ObjectReader;
  readonly clock: Clock;
  readonly random: Random;
  /** Instead of the network, for whoever shows nothing of itself. */
  readonly anonymous: WebhookClient | undefined;
}

/** The ways to webhooks of one server, by what it shows of itself there. */
export class WebhookClients {
  readonly #options: WebhookClientsOptions;
  readonly #clients: WebhookClient[] = [];
  /** Shows nothing of itself. */
  readonly anonymous: WebhookClient;

  constructor(options: WebhookClientsOptions) {
    this.#options = options;
    this.anonymous = options.anonymous ?? this.#client();
    this.#clients.push(this.anonymous);
  }

  /** As the users of a kubeconfig; each call makes a client of its own. */
  as(kubeconfig: WebhookKubeconfig | undefined): WebhookClient {
    if (kubeconfig === undefined) return this.anonymous;
    const client = this.#client(kubeconfig);
    this.#clients.push(client);
    return client;
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  #client(kubeconfig?: WebhookKubeconfig): WebhookClient {
    const { reader, clock, random } = this.#options;
    const services = endpointResolver(reader, random);
    return networkWebhookClient({ clock, services, ...(kubeconfig === undefined ? {} : { kubeconfig }) });
  }
}
