package ccproxy.command;

import java.util.Map;

/// What we ask of the JDK's HTTP server and client. They read these once, when its first class is
/// loaded, so they are set before anything else happens; `-D` on the command line wins.
///
/// Not here on purpose: `maxRspTime`, which would cut every stream that lasts longer, and all of
/// them when the clock jumps.
final class JdkSettings {
    private static final Map<String, String> PROPERTIES =
            Map.of(
                    // An event is a small write that must leave now, not with the next one.
                    "sun.net.httpserver.nodelay", "true",
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
                    // No classes are made at run time for the few reflective calls (services).
                    "jdk.reflect.useNativeAccessorOnly", "true",
                    // Bytes of all headers. Tokens and tracing need a few thousand.
                    "sun.net.httpserver.maxReqHeaderSize", "65536");

    private JdkSettings() {}

    /// Sets what is not set yet.
    static void apply() {
        PROPERTIES.forEach(JdkSettings::set);
    }

    /// Sets how many connections the server may have, if it is not set yet. The JDK closes those
    /// beyond it without a word; so that whoever asks how the server is still hears something,
    /// there are some more than we ourselves reckon with, and unused ones leave room for others:
    /// its default of 200 would close those of any larger client.
    static void apply(Capacity capacity) {
        int all = capacity.connections() + Capacity.RESERVE;
        set("jdk.httpserver.maxConnections", Integer.toString(all));
        set("sun.net.httpserver.maxIdleConnections", Integer.toString(capacity.idle()));
    }

    private static void set(String name, String value) {
        if (System.getProperty(name) == null) System.setProperty(name, value);
    }
}
