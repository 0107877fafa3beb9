package ccproxy.command;

import ccproxy.claude.ClaudeSettings;
import ccproxy.claude.CliSettings;
import ccproxy.http.ServerSettings;
import ccproxy.observe.Log;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/// The configuration: a checked setting for every key, and what each floor needs of them.
/// Immutable.
final class Config {
    /// What tells the CLI where to ask.
    static final String CLI_UPSTREAM = "ANTHROPIC_BASE_URL";

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

    /// {@return what the server needs}
    ServerSettings server() {
        return new ServerSettings(
                Version.text(),
                host(),
                get(Keys.PORT),
                get(Keys.AUTH_TOKEN),
                get(Keys.MAX_BODY),
                get(Keys.PING),
                get(Keys.STRICT),
                get(Keys.REASONING));
    }

    /// {@return what the backends need}
    ///
    /// @param around what the CLI needs of the user's own is there
    ClaudeSettings claude(Surroundings around) {
        boolean isOpen =
                Stream.of(Keys.AUTH_TOKEN, Keys.API_KEY, Keys.API_AUTH_TOKEN)
                        .allMatch(secret -> get(secret).isEmpty());
        return new ClaudeSettings(
                get(Keys.BACKEND),
                get(Keys.API_BASE_URL),
                get(Keys.API_VERSION),
                get(Keys.API_KEY),
                get(Keys.API_AUTH_TOKEN),
                isOpen,
                get(Keys.TIMEOUT_CONNECT),
                get(Keys.TIMEOUT_FIRST_EVENT),
                get(Keys.TIMEOUT_IDLE),
                get(Keys.SESSION_IDLE_TTL),
                get(Keys.SESSION_BUSY_WAIT),
                get(Keys.MAX_BODY),
                cli(around),
                get(Keys.MODELS));
    }

    private CliSettings cli(Surroundings around) {
        return new CliSettings(
                get(Keys.SDK_PATH),
                get(Keys.SDK_CWD),
                get(Keys.SDK_TOOLS),
                get(Keys.SDK_PERMISSION_MODE),
                CliSettings.MessageMode.valueOf(
                        get(Keys.SDK_MESSAGE_MODE).toUpperCase(Locale.ROOT)),
                get(Keys.SDK_WARM),
                get(Keys.SDK_MAX_PROCESSES),
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

    /// {@return the address to listen on; `[::1]` without its brackets}
    String host() {
        return get(Keys.HOST).replaceFirst("^\\[(.*)]$", "$1");
    }

    /// Sends log lines to `stream` as the configuration says.
    void configureLog(PrintStream stream) {
        Log.configure(
                Log.Level.of(get(Keys.LOG_LEVEL)), Log.Format.of(get(Keys.LOG_FORMAT)), stream);
    }

    /// Makes sure that a stranger cannot use this server by accident.
    ///
    /// @throws CommandException if the host is not this machine alone and no token is asked for
    void checkExposure() {
        Setting host = setting(Keys.HOST);
        boolean isGuarded = !get(Keys.AUTH_TOKEN).isEmpty() || get(Keys.ALLOW_UNAUTHENTICATED);
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
