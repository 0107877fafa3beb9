/// A local server that puts Claude behind the OpenAI Chat Completions and Anthropic Messages APIs.
/// An application: it exports nothing.
module ccproxy {
    requires jdk.httpserver;
    // For the second signal only: see ccproxy.command.StopSignal.
    requires jdk.unsupported;
    requires tools.jackson.core;
    requires tools.jackson.databind;

    provides java.lang.System.LoggerFinder with
            ccproxy.observe.LogFinder;
}
