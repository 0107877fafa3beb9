package ccproxy.command;

import java.util.Locale;
import java.util.Objects;

/// One row of the table of keys. Its three spellings come from one name: `api.base_url` in a file,
/// `--api-base-url` as a flag, `CCPROXY_API_BASE_URL` as a variable.
///
/// @param name the spelling in a file
/// @param type how its value is written
/// @param defaultText its value when nobody sets it, as one would write it; empty for none
/// @param meaning one line for people
/// @param fallbackVariable a variable of someone else's that stands in when no spelling of ours is
///   used; empty for none
/// @param isSecret whether its value is never shown
record Key<T>(
        String name,
        ValueType<T> type,
        String defaultText,
        String meaning,
        String fallbackVariable,
        boolean isSecret) {
    Key {
        Objects.requireNonNull(type);
        assert name.matches("[a-z]+([._][a-z]+)*") : name;
    }

    /// {@return a key that anyone may see}
    static <T> Key<T> of(String name, ValueType<T> type, String defaultText, String meaning) {
        return new Key<>(name, type, defaultText, meaning, "", false);
    }

    /// {@return a key whose value is never shown}
    static Key<String> secret(String name, String fallbackVariable, String meaning) {
        return new Key<>(name, ValueType.TOKEN, "", meaning, fallbackVariable, true);
    }

    /// {@return a key of secrets, of which names may be shown}
    static <T> Key<T> hidden(String name, ValueType<T> type, String meaning) {
        return new Key<>(name, type, "", meaning, "", true);
    }

    /// {@return whether its value holds several secrets: of such a one not even an end is shown,
    /// for it may be a whole short token}
    boolean isHidden() {
        return isSecret && type != ValueType.TOKEN;
    }

    /// {@return this key, with someone else's variable to fall back to}
    Key<T> orVariable(String variable) {
        return new Key<>(name, type, defaultText, meaning, variable, isSecret);
    }

    /// {@return its spelling on the command line}
    String flag() {
        return "--" + name.replace('.', '-').replace('_', '-');
    }

    /// {@return its spelling in the environment}
    String variable() {
        return "CCPROXY_" + name.replace('.', '_').toUpperCase(Locale.ROOT);
    }

    /// {@return whether the flag alone means true}
    boolean isSwitch() {
        return type == ValueType.TRUTH;
    }
}
