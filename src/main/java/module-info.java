/// A local server that puts Claude behind the OpenAI Chat Completions and Anthropic Messages APIs.
/// An application: it exports nothing.
module ccproxy {
    requires java.management;
    requires jdk.httpserver;
    // For signals only: see ccproxy.command.Signals.
    requires jdk.unsupported;
    requires tools.jackson.core;
    requires tools.jackson.databind;

    // TLS toward clients asks for it: see there.
    provides java.net.spi.InetAddressResolverProvider with
            ccproxy.http.NoReverseLookups;
    provides java.lang.System.LoggerFinder with
            ccproxy.observe.LogFinder;
}
