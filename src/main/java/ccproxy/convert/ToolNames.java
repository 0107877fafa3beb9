package ccproxy.convert;

import ccproxy.wire.Digests;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/// The names of a client's tools as the Messages API allows them (`^[a-zA-Z0-9_-]{1,128}$`), and
/// back. What is legal stays; the rest gets a name that depends on it alone, so that it is the same
/// on every later turn.
final class ToolNames {
    private static final Pattern LEGAL_NAME = Pattern.compile("[a-zA-Z0-9_-]{1,128}");
    private static final Pattern LEGAL_ID = Pattern.compile("[a-zA-Z0-9_-]+");
    private static final int READABLE_CHARACTERS = 100;

    private final Map<String, String> clientNames = new HashMap<>();

    /// {@return the legal name of a client's tool}
    String toUpstream(String name) {
        if (LEGAL_NAME.matcher(name).matches()) return name;
        String legal = readable(name) + "_" + hash(name);
        clientNames.put(legal, name);
        return legal;
    }

    /// {@return the client's name of a tool}
    String toClient(String name) {
        return clientNames.getOrDefault(name, name);
    }

    /// {@return a legal id for a call: itself, or one that depends on it alone}
    static String id(String id) {
        return LEGAL_ID.matcher(id).matches() ? id : "call_" + hash(id);
    }

    /// {@return the first 16 hex digits of a text's SHA-256}
    static String hash(String text) {
        return Digests.sha256(text).substring(0, 16);
    }

    private static String readable(String name) {
        String legal = name.replaceAll("[^a-zA-Z0-9_-]", "_");
        return legal.substring(0, Math.min(READABLE_CHARACTERS, legal.length()));
    }
}
