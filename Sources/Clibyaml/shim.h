// SPDX-License-Identifier: Apache-2.0

// What kubetables needs of libyaml: its parser of events.
#ifndef KUBETABLES_CLIBYAML_SHIM_H
#define KUBETABLES_CLIBYAML_SHIM_H

#include <yaml.h>

#endif
