package ccproxy.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/// What a path means. Matched exactly, by hand: the JDK's contexts match prefixes.
///
/// ```
/// [/sdk | /api | /echo] [/{session_id}] /v1/…      /health…  /sessions…  /
/// ```
///
/// @param endpoint what is asked for
/// @param backend the prefix, `""` on bare routes
/// @param session the session of the path, `""` for none; perhaps not a legal one
/// @param id of the model or session that the path ends with, `""` for none
/// @param name for the log: the path with its variable parts named
record Route(Endpoint endpoint, String backend, String session, String id, String name) {
    private static final Set<String> PREFIXES = Set.of("sdk", "api", "echo");
    private static final Set<String> RESERVED =
            Set.of("sdk", "api", "echo", "v1", "health", "metrics", "sessions", "usage");
    private static final Pattern SESSION = Pattern.compile("[A-Za-z0-9._-]{1,128}");

    /// What can be asked for, and how.
    enum Endpoint {
        CHAT("POST"),
        MESSAGES("POST"),
        COUNT_TOKENS("POST"),
        MODELS("GET"),
        MODEL("GET"),
        HEALTH("GET"),
        LIVE("GET"),
        READY("GET"),
        SESSIONS("GET"),
        SESSION("DELETE"),
        INTERRUPT("POST"),
        METRICS("GET"),
        USAGE("GET"),
        PAGE("GET"),
        UNKNOWN("");

        private final String method;

        Endpoint(String method) {
            this.method = method;
        }

        /// {@return whether it can be asked for with this method}
        boolean takes(String asked) {
            return method.equals(asked) || (method.equals("GET") && asked.equals("HEAD"));
        }

        /// {@return the `Allow` header}
        String allow() {
            return switch (method) {
                case "GET" -> "GET, HEAD, OPTIONS";
                case "" -> "OPTIONS";
                default -> method + ", OPTIONS";
            };
        }

        /// {@return whether it is a question to Claude}
        boolean isAsking() {
            return this == CHAT || this == MESSAGES || this == COUNT_TOKENS;
        }

        /// {@return whether Claude is asked, which is worth a trace}
        boolean isTraced() {
            return switch (this) {
                case CHAT, MESSAGES, COUNT_TOKENS, MODELS, MODEL -> true;
                default -> false;
            };
        }

        /// {@return whether everyone may ask, token or not}
        boolean isOpen() {
            return this == HEALTH || this == LIVE || this == READY;
        }
    }

    /// {@return what a raw path means}
    static Route of(String rawPath) {
        List<String> path = List.of(rawPath.substring(rawPath.isEmpty() ? 0 : 1).split("/", -1));
        Route own = own(path);
        if (own.endpoint != Endpoint.UNKNOWN) return own;
        String backend = PREFIXES.contains(path.getFirst()) ? path.getFirst() : "";
        List<String> rest = backend.isEmpty() ? path : path.subList(1, path.size());
        boolean hasSession = rest.size() > 2 && rest.get(1).equals("v1");
        String session = hasSession ? rest.getFirst() : "";
        if (hasSession) rest = rest.subList(1, rest.size());
        return api(rest, backend, session);
    }

    private static Route own(List<String> path) {
        return switch (String.join("/", path)) {
            case "" -> own(Endpoint.PAGE, "", "/");
            case "health" -> own(Endpoint.HEALTH, "", "/health");
            case "health/live" -> own(Endpoint.LIVE, "", "/health/live");
            case "health/ready" -> own(Endpoint.READY, "", "/health/ready");
            case "metrics" -> own(Endpoint.METRICS, "", "/metrics");
            case "usage" -> own(Endpoint.USAGE, "", "/usage");
            case "sessions" -> own(Endpoint.SESSIONS, "", "/sessions");
            default -> session(path);
        };
    }

    private static Route session(List<String> path) {
        boolean isSession =
                path.getFirst().equals("sessions") && path.size() > 1 && !path.get(1).isEmpty();
        if (isSession && path.size() == 2)
            return own(Endpoint.SESSION, path.get(1), "/sessions/{id}");
        if (isSession && path.size() == 3 && path.get(2).equals("interrupt")) {
            return own(Endpoint.INTERRUPT, path.get(1), "/sessions/{id}/interrupt");
        }
        return own(Endpoint.UNKNOWN, "", "unknown");
    }

    private static Route own(Endpoint endpoint, String id, String name) {
        return new Route(endpoint, "", "", id, name);
    }

    private static Route api(List<String> path, String backend, String session) {
        String prefix =
                (backend.isEmpty() ? "" : "/" + backend)
                        + (session.isEmpty() ? "" : "/{session_id}");
        String joined = "/" + String.join("/", path);
        Endpoint endpoint =
                switch (joined) {
                    case "/v1/chat/completions" -> Endpoint.CHAT;
                    case "/v1/messages" -> Endpoint.MESSAGES;
                    case "/v1/messages/count_tokens" -> Endpoint.COUNT_TOKENS;
                    case "/v1/models" -> Endpoint.MODELS;
                    default -> Endpoint.UNKNOWN;
                };
        if (endpoint != Endpoint.UNKNOWN)
            return new Route(endpoint, backend, session, "", prefix + joined);
        if (joined.startsWith("/v1/models/") && path.size() == 3 && !path.get(2).isEmpty()) {
            return new Route(
                    Endpoint.MODEL,
                    backend,
                    session,
                    decoded(path.get(2)),
                    prefix + "/v1/models/{id}");
        }
        return new Route(Endpoint.UNKNOWN, backend, "", "", "unknown");
    }

    private static String decoded(String segment) {
        try {
            return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException _) {
            return segment;
        }
    }

    /// {@return whether a session may have this id}
    static boolean isSessionId(String id) {
        return SESSION.matcher(id).matches() && !RESERVED.contains(id);
    }

    /// {@return whether errors of this path have the Messages shape}; paths of neither API go by
    /// what the client says it speaks.
    static boolean isMessages(String rawPath, boolean sendsVersion) {
        if (rawPath.contains("/v1/messages")) return true;
        if (rawPath.contains("/v1/chat/") || rawPath.endsWith("/v1/completions")) return false;
        return sendsVersion;
    }
}
