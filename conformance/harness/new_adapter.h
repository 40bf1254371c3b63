/* SPDX-License-Identifier: MIT */
/* new_adapter.h: the text of an adapter to fill in. */
#ifndef POOLPROOF_NEW_ADAPTER_H
#define POOLPROOF_NEW_ADAPTER_H

extern const char new_adapter[];

#endif
