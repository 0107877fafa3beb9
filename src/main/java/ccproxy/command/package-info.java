/// The program: arguments, configuration, subcommands. The one place that knows every floor's
/// settings, and that ends the process. Of the environment, only its proxies are read elsewhere.
package ccproxy.command;
