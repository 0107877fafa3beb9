package ccproxy.command;

import java.util.Map;

/// What we ask of the JDK's HTTP server and client. They read these once, when its first class is
/// loaded, so they are set before anything else happens; `-D` on the command line wins.
///
/// Not here on purpose: `maxRspTime`, which would cut every stream that lasts longer.
final class JdkSettings {
    private static final Map<String, String> PROPERTIES =
            Map.of(
                    // An event is a small write that must leave now, not with the next one.
                    "sun.net.httpserver.nodelay", "true",
                    // The default of 200 closes the connections of any client pool beyond it.
                    "sun.net.httpserver.maxIdleConnections", "10000",
                    // Seconds, whatever the module's documentation says (ServerImpl.getTimeMillis).
                    // Header and body must have arrived by then; a client that dribbles is cut off.
                    "sun.net.httpserver.maxReqTime", "60",
                    // Seconds. Longer than any client keeps an unused connection (Go: 90, nginx:
                    // 60, Java: 30, Python and Node: 5): who closes first must be the client, or it
                    // sends a request into a connection that we are just closing.
                    "sun.net.httpserver.idleInterval", "120",
                    // Dates of HTTP are English, as is the root locale's data. The CLDR's, which
                    // the first Date header would load, cost a start 40 ms.
                    "java.locale.providers", "SPI",
                    // No classes are made at run time for the few reflective calls (StopSignal).
                    "jdk.reflect.useNativeAccessorOnly", "true",
                    // Bytes of all headers. Tokens and tracing need a few thousand.
                    "sun.net.httpserver.maxReqHeaderSize", "65536");

    private JdkSettings() {}

    /// Sets what is not set yet.
    static void apply() {
        PROPERTIES.forEach((name, value) -> {
            if (System.getProperty(name) == null) System.setProperty(name, value);
        });
    }
}
