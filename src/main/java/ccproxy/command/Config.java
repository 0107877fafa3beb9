package ccproxy.command;

import ccproxy.claude.ClaudeSettings;
import ccproxy.claude.CliSettings;
import ccproxy.http.ClientKeys;
import ccproxy.http.Keystore;
import ccproxy.http.ServerSettings;
import ccproxy.observe.Log;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The configuration: a checked setting for every key, and what each floor needs of them.
/// Immutable.
final class Config {
    /// What tells the CLI where to ask.
    static final String CLI_UPSTREAM = "ANTHROPIC_BASE_URL";

    private static final List<Key<?>> SHAPING =
            List.of(
                    BackendKeys.API_VERSION,
                    BackendKeys.SDK_TOOLS,
                    Keys.MAX_BODY,
                    Keys.REASONING,
                    BackendKeys.MODELS,
                    Keys.STRICT);

    private final Map<Key<?>, Setting> settings;

    /// Of a valid setting for every key; [ConfigLoader] sees to that.
    Config(Map<Key<?>, Setting> settings) {
        this.settings = new IdentityHashMap<>(settings);
    }

    /// {@return every key with its default and meaning, in the order in which people read them}
    static List<Key<?>> keys() {
        return Keys.ALL;
    }

    /// {@return the value of a key}
    <T> T get(Key<T> key) {
        return key.type().read(setting(key).written());
    }

    /// {@return what was written for a key, and where}
    Setting setting(Key<?> key) {
        return settings.get(key);
    }

    /// {@return the names of the keys that somebody set}
    List<String> namesSet() {
        return keys().stream()
                .filter(key -> !setting(key).source().equals(ConfigLoader.DEFAULT))
                .map(Key::name)
                .toList();
    }

    /// {@return the names of those of `keys` whose values differ}
    List<String> differing(Config other, List<Key<?>> keys) {
        return keys.stream()
                .filter(key -> !get(key).equals(other.get(key)))
                .map(Key::name)
                .toList();
    }

    /// {@return this, but for `keys` as `other` has them}
    Config keeping(Config other, List<Key<?>> keys) {
        var kept = new Config(settings);
        keys.forEach(key -> kept.settings.put(key, other.setting(key)));
        return kept;
    }

    /// {@return what the server needs}
    ServerSettings server() {
        return new ServerSettings(
                Version.text(),
                new ServerSettings.Listen(host(), get(Keys.PORT), keystore()),
                new ServerSettings.Access(
                        clientKeys(), get(AccessKeys.HOSTS), get(AccessKeys.CORS_ORIGINS)),
                new ServerSettings.Limits(get(Keys.MAX_BODY), Capacity.of(this).streams()),
                get(Keys.PING),
                get(Keys.STRICT),
                get(Keys.REASONING));
    }

    /// {@return every key that a client may show}
    ///
    /// @throws CommandException if two are the same
    ClientKeys clientKeys() {
        try {
            return get(AccessKeys.AUTH_TOKENS).withDefault(get(AccessKeys.AUTH_TOKEN));
        } catch (IllegalArgumentException e) {
            String where = setting(AccessKeys.AUTH_TOKENS).source();
            throw new CommandException(
                    ExitCode.USAGE, "auth_tokens: " + e.getMessage() + " (" + where + ")");
        }
    }

    private boolean hasClientKeys() {
        return !get(AccessKeys.AUTH_TOKEN).isEmpty() || !get(AccessKeys.AUTH_TOKENS).isEmpty();
    }

    /// {@return what the backends need}
    ///
    /// @param around what the CLI needs of the user's own is there
    ClaudeSettings claude(Surroundings around) {
        boolean isOpen =
                !hasClientKeys()
                        && get(BackendKeys.API_KEY).isEmpty()
                        && get(BackendKeys.API_AUTH_TOKEN).isEmpty();
        return new ClaudeSettings(
                get(BackendKeys.BACKEND),
                get(BackendKeys.API_BASE_URL),
                get(BackendKeys.API_VERSION),
                get(BackendKeys.API_KEY),
                get(BackendKeys.API_AUTH_TOKEN),
                isOpen,
                get(BackendKeys.TIMEOUT_CONNECT),
                get(BackendKeys.TIMEOUT_FIRST_EVENT),
                get(BackendKeys.TIMEOUT_IDLE),
                get(BackendKeys.SESSION_IDLE_TTL),
                get(BackendKeys.SESSION_BUSY_WAIT),
                get(Keys.MAX_BODY),
                cli(around),
                get(BackendKeys.MODELS),
                get(ObserveKeys.PRICES));
    }

    /// {@return the settings that shape what is asked and answered, as a settings file has them:
    /// none of them secret}
    ///
    /// @param backend who answers on bare routes
    Map<String, Object> shaping(String backend) {
        var shaping =
                new LinkedHashMap<String, Object>(Map.of(BackendKeys.BACKEND.name(), backend));
        for (Key<?> key : SHAPING) {
            Object written = setting(key).written();
            shaping.put(key.name(), written instanceof Map<?, ?> ? written : written.toString());
        }
        return shaping;
    }

    /// {@return whether a key is one of [#shaping]}
    static boolean isShaping(String name) {
        return name.equals(BackendKeys.BACKEND.name())
                || SHAPING.stream().anyMatch(key -> key.name().equals(name));
    }

    private CliSettings cli(Surroundings around) {
        return new CliSettings(
                get(BackendKeys.SDK_PATH),
                get(BackendKeys.SDK_CWD),
                get(BackendKeys.SDK_TOOLS),
                get(BackendKeys.SDK_PERMISSION_MODE),
                CliSettings.MessageMode.valueOf(
                        get(BackendKeys.SDK_MESSAGE_MODE).toUpperCase(Locale.ROOT)),
                get(BackendKeys.SDK_WARM),
                get(BackendKeys.SDK_MAX_PROCESSES),
                around.state(),
                cliEnvironment(around));
    }

    /// A shell that points its clients at us would point the CLI at us too, and each question would
    /// come back as another one, without end.
    private Map<String, String> cliEnvironment(Surroundings around) {
        if (!hasLoop(around)) return around.environment();
        var environment = new HashMap<>(around.environment());
        environment.remove(CLI_UPSTREAM);
        return environment;
    }

    /// {@return whether the CLI's upstream would be this server's own CLI}
    boolean hasLoop(Surroundings around) {
        try {
            URI upstream = URI.create(around.environment().getOrDefault(CLI_UPSTREAM, ""));
            String path = String.valueOf(upstream.getPath());
            boolean isOther = path.startsWith("/echo") || path.startsWith("/api");
            return !isOther && OwnAddress.of(this, get(Keys.PORT)).is(upstream);
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    /// {@return the certificate that the server shows}
    Keystore keystore() {
        String file = get(AccessKeys.TLS_KEYSTORE);
        if (file.isEmpty()) return Keystore.NONE;
        return new Keystore(Path.of(file), get(AccessKeys.TLS_KEYSTORE_PASSWORD));
    }

    /// {@return where the server is}
    String url(String host, int port) {
        String scheme = keystore().isThere() ? "https://" : "http://";
        return scheme + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    /// {@return the address to listen on; `[::1]` without its brackets}
    String host() {
        return get(Keys.HOST).replaceFirst("^\\[(.*)]$", "$1");
    }

    /// Sends log lines to `stream` as the configuration says.
    void configureLog(PrintStream stream) {
        Log.configure(
                Log.Level.of(get(ObserveKeys.LOG_LEVEL)),
                Log.Format.of(get(ObserveKeys.LOG_FORMAT)),
                stream);
    }

    /// Makes sure that a stranger cannot use this server by accident.
    ///
    /// @throws CommandException if the host is not this machine alone and no token is asked for
    void checkExposure() {
        Setting host = setting(Keys.HOST);
        boolean isGuarded = hasClientKeys() || get(AccessKeys.ALLOW_UNAUTHENTICATED);
        try {
            // A name may stand for several addresses; each must be this machine's own.
            for (InetAddress address : InetAddress.getAllByName(host())) {
                if (address.isLoopbackAddress() || isGuarded) continue;
                throw new CommandException(
                        ExitCode.USAGE,
                        "host: beyond this machine, auth_token must be set (see 'ccproxy token'),"
                                + " or allow_unauthenticated; "
                                + host.found(false));
            }
        } catch (UnknownHostException _) {
            String expected = "host: expected " + Keys.HOST.type().expected() + ", ";
            throw new CommandException(ExitCode.USAGE, expected + host.found(false));
        }
    }
}
