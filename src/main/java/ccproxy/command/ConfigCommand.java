package ccproxy.command;

import static java.util.stream.Collectors.joining;

import ccproxy.http.ClientKeys;

/// `config`: every key, its value and where it comes from, in columns; secrets are only hinted at.
final class ConfigCommand {
    private ConfigCommand() {}

    /// Prints the table.
    static ExitCode run(Config config, Surroundings surroundings) {
        int nameWidth = 0;
        int valueWidth = 0;
        for (Key<?> key : Config.keys()) {
            nameWidth = Math.max(nameWidth, key.name().length());
            valueWidth = Math.max(valueWidth, value(config, key).length());
        }
        String row = "%-" + nameWidth + "s  %-" + valueWidth + "s  %s";
        for (Key<?> key : Config.keys()) {
            String source = config.setting(key).source();
            surroundings.out().println(row.formatted(key.name(), value(config, key), source));
        }
        return ExitCode.OK;
    }

    private static String value(Config config, Key<?> key) {
        // Of keys, whose they are may be seen.
        if (config.get(key) instanceof ClientKeys keys && !keys.isEmpty()) {
            return keys.names().stream().map(name -> name + "=***").collect(joining(","));
        }
        return config.setting(key).shown(key.isSecret());
    }
}
