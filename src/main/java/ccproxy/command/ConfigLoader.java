package ccproxy.command;

import ccproxy.observe.FileProblem;
import ccproxy.wire.JsonFile;
import ccproxy.wire.JsonFile.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Puts the configuration together: flag over variable over credential over file over someone
/// else's variable (`ANTHROPIC_API_KEY`) over default. Whatever is written anywhere is checked,
/// used or not.
final class ConfigLoader {
    /// The source of what nobody set.
    static final String DEFAULT = "default";

    private static final String PREFIX = "CCPROXY_";

    /// A settings file is read whole.
    private static final long FILE_BYTES_MAX = 1 << 20;

    private static final Map<String, Shape> SHAPES =
            Map.of(
                    BackendKeys.MODELS.name(), Shape.STRINGS,
                    ObserveKeys.PRICES.name(), Shape.TABLE,
                    AccessKeys.AUTH_TOKENS.name(), Shape.TREE,
                    AccessKeys.HOSTS.name(), Shape.LIST,
                    AccessKeys.CORS_ORIGINS.name(), Shape.LIST);

    private final Args args;
    private final Surroundings surroundings;

    /// By identity: there is one of each key, and a record's own hash is made at run time.
    private final Map<Key<?>, Setting> settings = new IdentityHashMap<>();

    private ConfigLoader(Args args, Surroundings surroundings) {
        this.args = args;
        this.surroundings = surroundings;
    }

    /// {@return the configuration}
    ///
    /// @throws CommandException for a key that is not known or a value that is none; names the key,
    ///   the value, its source, what was expected, and the nearest known key
    static Config load(Args args, Surroundings surroundings) {
        return new ConfigLoader(args, surroundings).load();
    }

    private Config load() {
        readFile();
        var credentials = CredentialFiles.of(surroundings);
        for (Key<?> key : Keys.ALL) {
            credentials.setting(key).ifPresent(s -> put(key, s.written(), s.source()));
        }
        readEnvironment();
        for (Key<?> key : Keys.ALL) {
            args.flag(key.flag()).ifPresent(value -> put(key, value, "flag " + key.flag()));
            String fallback = variable(key.fallbackVariable());
            if (!settings.containsKey(key) && !fallback.isEmpty()) {
                put(key, fallback, "env " + key.fallbackVariable());
            }
            // Not checked here: a test does.
            settings.computeIfAbsent(key, _ -> new Setting(key.defaultText(), DEFAULT));
        }
        var config = new Config(settings);
        // Of two settings each may be right, and both together wrong.
        config.clientKeys();
        return config;
    }

    private void put(Key<?> key, Object written, String source) {
        var setting = new Setting(written, source);
        try {
            key.type().read(written);
        } catch (IllegalArgumentException e) {
            String found =
                    key.isHidden() ? " (" + source + ")" : ", " + setting.found(key.isSecret());
            throw new CommandException(ExitCode.USAGE, key.name() + ": " + e.getMessage() + found);
        }
        settings.put(key, setting);
    }

    private void readEnvironment() {
        var known = new TreeMap<String, Key<?>>();
        Keys.ALL.forEach(key -> known.put(key.variable(), key));
        // Sorted, so that of two mistakes the same one is always named.
        for (String name : new TreeMap<>(surroundings.environment()).keySet()) {
            if (!name.startsWith(PREFIX)) continue;
            if (!known.containsKey(name)) {
                List<String> names = Keys.ALL.stream().map(Key::variable).toList();
                var setting = new Setting(variable(name), "env");
                throw CommandException.unknown("variable", name, setting, names);
            }
            // An empty variable is one that is not set: that is how compose files leave it out.
            if (variable(name).isEmpty()) continue;
            put(known.get(name), variable(name), "env " + name);
        }
    }

    private void readFile() {
        var found = file();
        if (found.isEmpty()) return;
        String source = "file " + found.get();
        Map<String, Object> values;
        try {
            values = JsonFile.read(text(found.get(), source), SHAPES);
        } catch (IllegalArgumentException e) {
            throw new CommandException(ExitCode.USAGE, source + ": " + e.getMessage());
        }
        var known = new HashMap<String, Key<?>>();
        Keys.ALL.forEach(key -> known.put(key.name(), key));
        values.forEach((name, value) -> {
            if (!known.containsKey(name)) {
                List<String> names = Keys.ALL.stream().map(Key::name).toList();
                throw CommandException.unknown("key", name, new Setting(value, source), names);
            }
            put(known.get(name), value, source);
        });
    }

    /// {@return where a settings file may be: the one asked for, else the usual places, of which
    /// the first that has one counts}
    static List<Path> places(Args args, Surroundings surroundings) {
        var asked = args.flag(Args.CONFIG);
        if (asked.isPresent()) return List.of(surroundings.folder().resolve(asked.get()));
        Path here = surroundings.folder().resolve("ccproxy.json");
        return List.of(here, surroundings.home().resolve(".config/ccproxy/ccproxy.json"));
    }

    /// {@return the settings file, whether it is there or not when it was asked for}
    private Optional<Path> file() {
        List<Path> places = places(args, surroundings);
        if (args.flag(Args.CONFIG).isPresent()) return Optional.of(places.getFirst());
        return places.stream().filter(Files::exists).findFirst();
    }

    private static String text(Path file, String source) {
        try {
            if (Files.isRegularFile(file) && Files.size(file) > FILE_BYTES_MAX) {
                String message = source + ": expected a settings file of at most 1MB";
                throw new CommandException(ExitCode.USAGE, message);
            }
            return Files.readString(file);
        } catch (IOException e) {
            String message = "config: expected a readable UTF-8 file, found '%s' (%s)";
            String why = FileProblem.of(e);
            throw new CommandException(ExitCode.USAGE, message.formatted(file, why));
        }
    }

    private String variable(String name) {
        return surroundings.environment().getOrDefault(name, "");
    }
}
